# The design of the maintenance guide, written out as it stands there: FastAPI, SQLAlchemy, asyncpg, the search path set per
# request from the token. For measurement beside ours only (bench/README.md); `pip install fastapi uvicorn[standard]
# sqlalchemy>=2 asyncpg greenlet pyjwt` brings what it needs.
import os, datetime as dt, uuid
from contextlib import asynccontextmanager
from typing import AsyncIterator
import jwt
from fastapi import FastAPI, Depends, HTTPException
from fastapi.security import OAuth2PasswordBearer
from pydantic import BaseModel, ConfigDict
from sqlalchemy import String, Date, DateTime, Uuid, select, text, func
from sqlalchemy.ext.asyncio import create_async_engine, AsyncSession, async_sessionmaker
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

SECRET = os.environ.get("JWT_SECRET", "secret-secret-secret-secret-secret!")
engine = create_async_engine(os.environ["DATABASE_URL"], pool_size=int(os.environ.get("POOL", "8")), max_overflow=0)
oauth2 = OAuth2PasswordBearer(tokenUrl="/auth/login")

class Base(DeclarativeBase): pass
class Consultation(Base):
    __tablename__ = "consultations"
    id: Mapped[uuid.UUID] = mapped_column(Uuid, primary_key=True)
    patient_id: Mapped[uuid.UUID] = mapped_column(Uuid)
    patient_name: Mapped[str] = mapped_column(String)
    doctor_name: Mapped[str] = mapped_column(String)
    date: Mapped[dt.date] = mapped_column(Date)
    service: Mapped[str] = mapped_column(String)
    specialty: Mapped[str] = mapped_column(String)
    diagnosis: Mapped[str] = mapped_column(String)
    created_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())

class ConsultationOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)
    id: uuid.UUID; patient_id: uuid.UUID; patient_name: str; doctor_name: str
    date: dt.date; service: str; specialty: str; diagnosis: str; created_at: dt.datetime
class ConsultationIn(BaseModel):
    patient_id: uuid.UUID; patient_name: str; doctor_name: str
    date: dt.date; service: str; specialty: str; diagnosis: str
class User(BaseModel):
    sub: str; schema_name: str

def get_current_user(token: str = Depends(oauth2)) -> User:
    try:
        p = jwt.decode(token, SECRET, algorithms=["HS256"])
    except jwt.PyJWTError:
        raise HTTPException(401, "invalid token")
    return User(sub=p["sub"], schema_name=p["schema_name"])

async def get_db_session(user: User = Depends(get_current_user)) -> AsyncIterator[AsyncSession]:
    async with engine.connect() as connection:
        await connection.execute(text(f"SET LOCAL search_path TO {user.schema_name}"))
        maker = async_sessionmaker(bind=connection, class_=AsyncSession, expire_on_commit=False)
        async with maker() as session:
            yield session
            await connection.commit()

app = FastAPI()
@app.get("/consultations/", response_model=list[ConsultationOut])
async def read_consultations(limit: int = 20, db: AsyncSession = Depends(get_db_session)):
    return (await db.execute(select(Consultation).order_by(Consultation.date.desc(), Consultation.id.desc()).limit(limit))).scalars().all()
@app.get("/consultations/{id}", response_model=ConsultationOut)
async def read_consultation(id: uuid.UUID, db: AsyncSession = Depends(get_db_session)):
    c = await db.get(Consultation, id)
    if c is None: raise HTTPException(404)
    return c
@app.post("/consultations/", response_model=ConsultationOut, status_code=201)
async def create_consultation(body: ConsultationIn, db: AsyncSession = Depends(get_db_session)):
    c = Consultation(id=uuid.uuid4(), **body.model_dump()); db.add(c)
    await db.flush(); await db.refresh(c); await db.commit()
    return c
